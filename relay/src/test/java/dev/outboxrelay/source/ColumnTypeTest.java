package dev.outboxrelay.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.core.Oid;

final class ColumnTypeTest {

    private static Object read(int oid, String text) throws Exception {
        byte[] bytes = ("<<" + text + ">>").getBytes(StandardCharsets.UTF_8);
        return java.util.Objects.requireNonNull(ColumnType.of(oid)).read(bytes, 2, bytes.length - 4);
    }

    @Test
    void texts_identifiers_and_json_stay_as_they_are() throws Exception {
        for (int oid : new int[] {Oid.TEXT, Oid.VARCHAR, Oid.BPCHAR, Oid.UUID, Oid.JSON, Oid.JSONB}) {
            assertThat(read(oid, "äö 😀 ")).isEqualTo("äö 😀 ");
            assertThat(read(oid, "")).isEqualTo("");
        }
    }

    @Test
    void whole_numbers_and_truth_values_are_read() throws Exception {
        assertThat(read(Oid.INT8, "-9223372036854775808")).isEqualTo(Long.MIN_VALUE);
        assertThat(read(Oid.INT4, "17")).isEqualTo(17L);
        assertThat(read(Oid.INT2, "0")).isEqualTo(0L);
        assertThat(read(Oid.BOOL, "t")).isEqualTo(true);
        assertThat(read(Oid.BOOL, "f")).isEqualTo(false);
    }

    @Test
    void bytes_in_hex_of_every_length_are_read() throws Exception {
        Random random = new Random(7);
        for (int length = 0; length < 70; length++) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);

            assertThat(read(Oid.BYTEA, "\\x" + HexFormat.of().formatHex(bytes))).isEqualTo(bytes);
            assertThat(read(Oid.BYTEA, "\\x" + HexFormat.of().withUpperCase().formatHex(bytes)))
                    .isEqualTo(bytes);
        }
    }

    @Test
    void bytes_in_the_escape_format_are_read() throws Exception {
        assertThat(read(Oid.BYTEA, "a\\\\x\\000\\377")).isEqualTo(new byte[] {'a', '\\', 'x', 0, -1});
        assertThat(read(Oid.BYTEA, "abcd")).isEqualTo(new byte[] {'a', 'b', 'c', 'd'});
        assertThat(read(Oid.BYTEA, "")).isEqualTo(new byte[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\x0", "\\x0g", "\\xzz", "\\x00112233445566778899aabbccddee/0", "\\x:011223344556677"})
    void bytes_that_are_no_pairs_of_hex_digits_are_an_error(String text) {
        assertThatThrownBy(() -> read(Oid.BYTEA, text)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Object readBinary(int oid, String hex) {
        byte[] bytes = HexFormat.of().parseHex("ffff" + hex + "ffff");
        return java.util.Objects.requireNonNull(ColumnType.of(oid)).readBinary(bytes, 2, bytes.length - 4);
    }

    @Test
    void the_binary_form_gives_the_same_value_as_the_text() throws Exception {
        for (int oid : new int[] {Oid.TEXT, Oid.VARCHAR, Oid.BPCHAR, Oid.JSON}) {
            assertThat(readBinary(oid, "c3a420f09f9880")).isEqualTo(read(oid, "ä 😀"));
            assertThat(readBinary(oid, "")).isEqualTo(read(oid, ""));
        }
        assertThat(readBinary(Oid.JSONB, "017b7d")).isEqualTo(read(Oid.JSONB, "{}"));
        assertThat(readBinary(Oid.UUID, "a0eebc999c0b4ef8bb6d6bb9bd380a11"))
                .isEqualTo(read(Oid.UUID, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"));
        assertThat(readBinary(Oid.UUID, "0".repeat(32)))
                .isEqualTo(read(Oid.UUID, "00000000-0000-0000-0000-000000000000"));
        assertThat(readBinary(Oid.INT8, "8000000000000000")).isEqualTo(read(Oid.INT8, "-9223372036854775808"));
        assertThat(readBinary(Oid.INT8, "00000000ffffffff")).isEqualTo(read(Oid.INT8, "4294967295"));
        assertThat(readBinary(Oid.INT4, "ffffff80")).isEqualTo(read(Oid.INT4, "-128"));
        assertThat(readBinary(Oid.INT2, "7fff")).isEqualTo(read(Oid.INT2, "32767"));
        assertThat(readBinary(Oid.BOOL, "01")).isEqualTo(read(Oid.BOOL, "t"));
        assertThat(readBinary(Oid.BOOL, "00")).isEqualTo(read(Oid.BOOL, "f"));
        assertThat(readBinary(Oid.BYTEA, "00ff5c78")).isEqualTo(read(Oid.BYTEA, "\\x00ff5c78"));
        assertThat(readBinary(Oid.BYTEA, "")).isEqualTo(read(Oid.BYTEA, "\\x"));
    }

    @ParameterizedTest
    @CsvSource({
        Oid.TIMESTAMPTZ + ", 2026-01-02 03:04:05.678901+00, 0002ea5dbb1f6f35, 2026-01-02T03:04:05.678901Z",
        Oid.TIMESTAMPTZ + ", 2026-01-02 03:04:05.6+07, 0002ea57dd14bf00, 2026-01-01T20:04:05.6Z",
        Oid.TIMESTAMPTZ + ", 2026-01-02 03:04:05-05:30, 0002ea6257411940, 2026-01-02T08:34:05Z",
        Oid.TIMESTAMPTZ + ", 2026-01-02 03:04:05-00:00:05, 0002ea5dbb615e80, 2026-01-02T03:04:10Z",
        Oid.TIMESTAMPTZ + ", infinity, 7fffffffffffffff, infinity",
        Oid.TIMESTAMPTZ + ", -infinity, 8000000000000000, -infinity",
        Oid.TIMESTAMP + ", 2026-01-02 03:04:05.678901, 0002ea5dbb1f6f35, 2026-01-02T03:04:05.678901",
        Oid.TIMESTAMP + ", 2000-01-01 00:00:00, 0000000000000000, 2000-01-01T00:00:00",
        Oid.TIMESTAMP + ", 1999-12-31 23:59:59.999999, ffffffffffffffff, 1999-12-31T23:59:59.999999",
        Oid.TIMESTAMP + ", infinity, 7fffffffffffffff, infinity",
        Oid.DATE + ", 2026-01-02, 0000251a, 2026-01-02",
        Oid.DATE + ", 0001-12-31 BC, fff4dbf8, 0000-12-31",
        Oid.DATE + ", infinity, 7fffffff, infinity",
        Oid.DATE + ", -infinity, 80000000, -infinity",
    })
    void dates_and_times_become_iso_texts_from_either_form(int oid, String text, String hex, String iso)
            throws Exception {
        assertThat(read(oid, text)).isEqualTo(iso);
        assertThat(readBinary(oid, hex)).isEqualTo(iso);
    }

    @Test
    void a_time_in_another_style_is_an_error() {
        assertThatThrownBy(() -> read(Oid.TIMESTAMPTZ, "Fri Jan 02 03:04:05 2026 UTC"))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void numerics_are_plain_texts_from_either_form() throws Exception {
        for (String number :
                new String[] {"0", "-1.50", "12345678901234567890.000000001", "100000", "0.00001", "1.000"}) {
            byte[] binary = org.postgresql.util.ByteConverter.numeric(new java.math.BigDecimal(number));

            assertThat(read(Oid.NUMERIC, number)).isEqualTo(number);
            assertThat(readBinary(Oid.NUMERIC, HexFormat.of().formatHex(binary)))
                    .isEqualTo(number);
        }
        assertThat(readBinary(Oid.NUMERIC, "00000000c0000000")).isEqualTo(read(Oid.NUMERIC, "NaN"));
    }

    @ParameterizedTest
    @CsvSource({
        Oid.UUID + ", 00",
        Oid.UUID + ", 00112233445566778899aabbccddeeff00",
        Oid.JSONB + ", ''",
        Oid.JSONB + ", 027b7d",
        Oid.INT8 + ", 000000",
        Oid.INT4 + ", ''",
        Oid.BOOL + ", ''",
        Oid.TIMESTAMP + ", 00000000",
        Oid.TIMESTAMPTZ + ", ''",
        Oid.DATE + ", 0000000000000000",
        Oid.BOOL + ", 0001",
    })
    void a_binary_form_that_no_value_has_is_an_error(int oid, String hex) {
        assertThatThrownBy(() -> readBinary(oid, hex))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("of " + hex.length() / 2 + " bytes");
    }

    @Test
    void other_types_are_left_to_the_engine() {
        for (int oid : new int[] {Oid.TIMETZ, Oid.TIME, Oid.INTERVAL, Oid.TEXT_ARRAY, Oid.OID, Oid.NAME, 16_500}) {
            assertThat(ColumnType.of(oid)).isNull();
        }
    }
}
