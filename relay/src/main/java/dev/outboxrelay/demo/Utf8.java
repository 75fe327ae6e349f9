package dev.outboxrelay.demo;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The standard output in UTF-8 whatever the locale: the table has lines and arrows. */
final class Utf8 {

    private Utf8() {}

    static PrintStream out() {
        return new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    }
}
