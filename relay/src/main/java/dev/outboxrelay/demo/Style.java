package dev.outboxrelay.demo;

/** How a text is made to stand out. Pure. */
enum Style {
    /** Without any control sequence. */
    PLAIN {
        @Override
        String apply(String code, String text) {
            return text;
        }
    },
    /** With ANSI sequences. */
    ANSI {
        @Override
        String apply(String code, String text) {
            return "\u001b[" + code + "m" + text + "\u001b[0m";
        }
    };

    abstract String apply(String code, String text);

    String bold(String text) {
        return apply("1", text);
    }

    String dim(String text) {
        return apply("2", text);
    }

    String good(String text) {
        return apply("32", text);
    }

    String busy(String text) {
        return apply("33", text);
    }

    String bad(String text) {
        return apply("1;31", text);
    }

    String accent(String text) {
        return apply("36", text);
    }

    /** Cuts a styled text to a number of visible characters. */
    static String cut(String text, int columns) {
        StringBuilder cut = new StringBuilder(text.length());
        int visible = 0;
        boolean inSequence = false;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (character == '\u001b') {
                inSequence = true;
            }
            if (inSequence) {
                cut.append(character);
                inSequence = !Character.isLetter(character);
            } else if (++visible <= columns) {
                cut.append(character);
            }
        }
        return cut.toString();
    }
}
