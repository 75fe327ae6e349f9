package dev.outboxrelay.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.outboxrelay.config.Naming;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressTest {

    @Test
    void a_plain_id_is_its_own_token() {
        Address address = Address.of("Acme_1-x", Naming.STRICT).orElseThrow();

        assertThat(address.token()).isEqualTo("Acme_1-x");
        assertThat(address.stream().value()).isEqualTo("TENANT_ACME_1-X");
        assertThat(address.subjects()).isEqualTo("tenant.Acme_1-x.>");
        assertThat(address.prefix()).isEqualTo("tenant.Acme_1-x.");
        assertThat(address.headerValue()).isEqualTo("Acme_1-x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "a.b", "a*", ">", "a b", "a/b", "é", "a=b", "a\r\nb", "a\u0000", "$JS", "\ud83d\ude00"})
    void strict_refuses_everything_else(String tenant) {
        assertThat(Address.of(tenant, Naming.STRICT)).isEmpty();
    }

    @Test
    void ids_have_1_to_64_bytes() {
        for (Naming naming : Naming.values()) {
            assertThat(Address.of("x".repeat(64), naming)).isPresent();
            assertThat(Address.of("x".repeat(65), naming)).isEmpty();
            assertThat(Address.of("", naming)).isEmpty();
        }
        assertThat(Address.of("é".repeat(32), Naming.ENCODE)).isPresent();
        assertThat(Address.of("é".repeat(33), Naming.ENCODE)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "acme, acme, TENANT_ACME",
        "Acme, =41cme, TENANT_=41CME",
        "ACME, =41=43=4d=45, TENANT_=41=43=4D=45",
        "a.b, a=2eb, TENANT_A=2EB",
        "a=b, a=3db, TENANT_A=3DB",
        "=41cme, =3d41cme, TENANT_=3D41CME",
        "é, =c3=a9, TENANT_=C3=A9"
    })
    void encode_writes_other_bytes_and_upper_case_as_hex(String tenant, String token, String stream) {
        Address address = Address.of(tenant, Naming.ENCODE).orElseThrow();

        assertThat(address.token()).isEqualTo(token);
        assertThat(address.stream().value()).isEqualTo(stream);
    }

    @Test
    void no_two_ids_share_a_stream_or_a_subject_when_encoded() {
        SplittableRandom random = new SplittableRandom(11);
        String[] alphabet = {
            "a", "A", "b", "=", "4", "1", "d", "D", "é", "É", ".", "*", ">", " ", "\ud83d\ude00", "_", "-"
        };
        Map<String, String> streams = new HashMap<>();
        for (int i = 0; i < 200_000; i++) {
            StringBuilder id = new StringBuilder();
            for (int n = 1 + random.nextInt(5); n > 0; n--) {
                id.append(alphabet[random.nextInt(alphabet.length)]);
            }
            Address address = Address.of(id.toString(), Naming.ENCODE).orElseThrow();
            String other = streams.put(address.stream().value(), id.toString());
            assertThat(other == null || other.contentEquals(id))
                    .as("%s and %s share %s", other, id, address.stream())
                    .isTrue();
            assertThat(address.token())
                    .matches("[a-z0-9_=-]+")
                    .isEqualTo(address.token().toLowerCase(Locale.ROOT));
        }
    }

    @Test
    void ids_that_differ_only_by_case_share_a_stream_name_but_no_subject_when_strict() {
        Address lower = Address.of("acme", Naming.STRICT).orElseThrow();
        Address upper = Address.of("ACME", Naming.STRICT).orElseThrow();

        assertThat(upper.stream()).isEqualTo(lower.stream());
        assertThat(upper.prefix()).isNotEqualTo(lower.prefix());
    }

    @Test
    void names_do_not_depend_on_the_machines_language() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("tr"));
        try {
            assertThat(Address.of("iI", Naming.STRICT).orElseThrow().stream().value())
                    .isEqualTo("TENANT_II");
        } finally {
            Locale.setDefault(before);
        }
    }

    @ParameterizedTest
    @CsvSource({"a b, a=20b", "é, =c3=a9", "a.b, a.b"})
    void the_tenant_header_is_the_raw_id_where_a_header_can_carry_it(String tenant, String header) {
        assertThat(Address.of(tenant, Naming.ENCODE).orElseThrow().headerValue())
                .isEqualTo(header);
    }
}
