package dev.outboxrelay.spill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SpillTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void gives_back_what_it_was_given_in_order(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        SpillSpace space = SpillSpace.open(directory, 256L << 20);
        ArrayDeque<byte[]> expected = new ArrayDeque<>();
        try (Spill spill = space.newSpill()) {
            for (int i = 0; i < 30_000; i++) {
                // fills and empties, by turns
                if (random.nextInt(100) < (i / 4_000 % 2 == 0 ? 80 : 20)) {
                    byte[] record = record(random);
                    assertThat(spill.append(record)).isTrue();
                    expected.add(record);
                } else {
                    assertThat(spill.poll()).isEqualTo(expected.poll());
                }
                assertThat(spill.size()).isEqualTo(expected.size());
            }
            while (!expected.isEmpty()) {
                assertThat(spill.poll()).isEqualTo(expected.poll());
            }
            assertThat(spill.poll()).isNull();
            assertThat(space.used()).isZero();
        }
    }

    private static byte[] record(SplittableRandom random) {
        int size = switch (random.nextInt(50)) {
            case 0 -> 0;
            case 1 -> random.nextInt(200_000);
            case 2 -> 16 * 1024 - 4 + random.nextInt(3) - 1; // about as long as a buffer
            default -> random.nextInt(1_000);
        };
        byte[] record = new byte[size];
        random.nextBytes(record);
        return record;
    }

    @Test
    void refuses_what_has_no_room_and_keeps_the_rest() throws IOException {
        SpillSpace space = SpillSpace.open(directory, 1 << 20);
        try (Spill full = space.newSpill();
                Spill other = space.newSpill()) {
            long appended = 0;
            while (full.append(new byte[1_000])) {
                appended++;
            }
            assertThat(appended).isBetween(900L, 1_100L);
            assertThat(full.append(new byte[1_000])).isFalse();
            assertThat(other.append(new byte[10]))
                    .as("what fits into its buffer needs no room")
                    .isTrue();

            for (long i = 0; i < appended; i++) {
                assertThat(full.poll()).hasSize(1_000);
            }

            assertThat(full.append(new byte[1_000])).isTrue();
            assertThat(full.poll()).hasSize(1_000);
            assertThat(other.poll()).hasSize(10);
        }
    }

    @Test
    void gives_room_back_before_everything_is_read() throws IOException {
        SpillSpace space = SpillSpace.open(directory, 1L << 30);
        try (Spill spill = space.newSpill()) {
            for (int i = 0; i < 20_000; i++) {
                spill.append(new byte[1_000]);
            }
            long all = space.used();
            for (int i = 0; i < 10_000; i++) {
                assertThat(spill.poll()).isNotNull();
            }
            assertThat(space.used()).isLessThan(all * 3 / 4);
        }
        assertThat(space.used()).isZero();
    }

    @Test
    void its_files_have_no_names_that_could_outlive_the_process() throws IOException {
        SpillSpace space = SpillSpace.open(directory, 1L << 30);
        try (Spill spill = space.newSpill()) {
            for (int i = 0; i < 1_000; i++) {
                spill.append(new byte[1_000]);
            }
            assertThat(space.used()).isPositive();
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void a_directory_that_is_none_is_refused() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));

        assertThatThrownBy(() -> SpillSpace.open(file, 1L << 30)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> SpillSpace.open(directory.resolve("absent"), 1L << 30))
                .isInstanceOf(IOException.class);
    }
}
