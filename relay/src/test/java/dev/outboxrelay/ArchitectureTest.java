package dev.outboxrelay;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may import whom. A package that does not exist yet breaks no rule. */
final class ArchitectureTest {

    private static final String ROOT = "dev.outboxrelay";

    /** The doctor decides from facts and asks nobody: who collects them are the edges on either side. */
    private static final String[] PURE =
            packages("event", "decode", "route", "watermark", "lane", "config", "policy", "consumer", "rule", "check");

    private static final String[] EDGES = packages(
            "source",
            "publish",
            "settle",
            "spill",
            "slot",
            "streams",
            "lag",
            "ha",
            "telemetry",
            "tracing",
            "admin",
            "dlq");

    /** How connections are opened and encrypted, and how consumers are read: what the edges on either side share. */
    private static final String[] SHARED = packages("postgres", "jetstream", "tls");

    private static final String[] WIRING = {ROOT, ROOT + ".cli..", ROOT + ".demo.."};

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void pure_packages_import_pure_packages_the_language_and_a_json_parser_alone() {
        String[] allowed = Stream.concat(
                        Arrays.stream(PURE), Stream.of("java..", "org.jspecify..", "com.fasterxml.jackson.core.."))
                .toArray(String[]::new);

        check(classes().that().resideInAnyPackage(PURE).should().onlyDependOnClassesThat(resideInAnyPackage(allowed)));
    }

    @Test
    void pure_packages_touch_no_file_socket_database_thread_or_clock() {
        DescribedPredicate<JavaClass> world = resideInAnyPackage(
                        "java.io..",
                        "java.nio.file..",
                        "java.nio.channels..",
                        "java.net..",
                        "java.sql..",
                        "java.util.concurrent..",
                        "java.util.logging..")
                .and(DescribedPredicate.not(DescribedPredicate.or(
                        JavaClass.Predicates.equivalentTo(Serializable.class),
                        JavaClass.Predicates.equivalentTo(IOException.class), // Jackson's, even on a text in memory
                        JavaClass.Predicates.equivalentTo(Path.class),
                        JavaClass.Predicates.equivalentTo(InvalidPathException.class))))
                .or(JavaClass.Predicates.belongToAnyOf(
                        Thread.class, Clock.class, InstantSource.class, Process.class, ProcessBuilder.class));

        check(noClasses().that().resideInAnyPackage(PURE).should().dependOnClassesThat(world));
    }

    @Test
    void pure_packages_are_given_the_time_and_every_random_number() {
        check(noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "getenv")
                .orShould()
                .callMethod(System.class, "getProperty", String.class)
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callConstructor(Random.class));
    }

    @Test
    void edges_never_import_each_other() {
        check(slices().matching(ROOT + ".(*)..")
                .should()
                .notDependOnEachOther()
                .ignoreDependency(DescribedPredicate.alwaysTrue(), resideInAnyPackage(PURE))
                .ignoreDependency(DescribedPredicate.alwaysTrue(), resideInAnyPackage(SHARED))
                .ignoreDependency(resideInAnyPackage(WIRING), DescribedPredicate.alwaysTrue()));
    }

    @Test
    void only_wiring_sees_wiring() {
        String[] others =
                Stream.concat(Arrays.stream(PURE), Arrays.stream(EDGES)).toArray(String[]::new);

        check(noClasses()
                .that()
                .resideInAnyPackage(others)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(WIRING));
        check(noClasses()
                .that()
                .resideInAPackage(ROOT)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".cli..", ROOT + ".demo.."));
    }

    @ParameterizedTest
    @CsvSource({
        "io.debezium.., source",
        "org.apache.kafka.., source",
        "io.nats.., publish streams lag jetstream demo",
        "java.sql.., postgres settle slot lag ha streams source dlq demo",
        "org.postgresql.., postgres settle slot lag ha streams source demo",
        "io.prometheus.., telemetry",
        "io.opentelemetry.., tracing",
        "picocli.., cli demo",
        "io.smallrye.config.., cli",
        "org.yaml.snakeyaml.., cli",
        "io.zonky.test.., demo",
        "org.apache.commons.., demo",
        "org.tukaani.., demo",
        "ch.qos.logback.., telemetry demo",
        "net.logstash.logback.., telemetry",
    })
    void a_library_lives_only_where_it_belongs(String library, String homes) {
        String[] allowed = packages(homes.split(" "));

        check(noClasses()
                .that()
                .resideOutsideOfPackages(allowed)
                .should()
                .dependOnClassesThat(resideInAPackage(library)));
    }

    @Test
    void the_source_reads_the_wal_and_runs_no_sql() {
        check(noClasses()
                .that()
                .resideInAPackage(ROOT + ".source..")
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Statement.class, ResultSet.class, DriverManager.class));
    }

    @Test
    void packages_have_no_cycles() {
        check(slices().matching(ROOT + ".(*)..").should().beFreeOfCycles());
    }

    @Test
    void nothing_writes_to_the_standard_streams_or_to_another_logger() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".cli..", ROOT + ".demo..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err"));
        check(noClasses()
                .that()
                .resideOutsideOfPackages(
                        ROOT + ".cli..", ROOT + ".demo..", ROOT + ".tracing..") // which silences the SDK's
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.logging.."));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(PRODUCT);
    }

    private static String[] packages(String... names) {
        return Arrays.stream(names).map(name -> ROOT + "." + name + "..").toArray(String[]::new);
    }
}
