package dev.outboxrelay.event;

import java.util.Optional;

/**
 * Which tenants something is for: one id, or a pattern in which {@code *} stands for any run of characters, an empty
 * one too. Case counts; every other character stands for itself. Compared with raw tenant ids, as rows have them.
 */
public final class TenantPattern {

    /** Every tenant, also those yet to come. */
    public static final TenantPattern EVERY = new TenantPattern("*");

    /** Longest pattern, in characters: four times the longest tenant id. */
    public static final int MAX_LENGTH = 256;

    private final String text;

    /** What stands before the first {@code *}; the whole text where there is none. */
    private final String head;

    private final boolean exact;

    /** Nothing stands behind the only {@code *}: the head decides. */
    private final boolean headDecides;

    private TenantPattern(String text) {
        this.text = text;
        int star = text.indexOf('*');
        this.exact = star < 0;
        this.head = exact ? text : text.substring(0, star);
        this.headDecides = star == text.length() - 1;
    }

    /** Reads a pattern; empty where it has no character or more than {@link #MAX_LENGTH}. */
    public static Optional<TenantPattern> parse(String text) {
        return text.isEmpty() || text.length() > MAX_LENGTH ? Optional.empty() : Optional.of(new TenantPattern(text));
    }

    /** The pattern, or an exception where {@link #parse} is empty: for texts that are known to be good. */
    public static TenantPattern of(String text) {
        return parse(text).orElseThrow(() -> new IllegalArgumentException("not a tenant pattern: '" + text + "'"));
    }

    /** Whether it is for this tenant. */
    public boolean matches(String tenant) {
        if (exact) {
            return text.equals(tenant);
        }
        return tenant.startsWith(head) && (headDecides || matchesBehind(tenant));
    }

    /** Whether it names one tenant, without any {@code *}. */
    public boolean isExact() {
        return exact;
    }

    /** Whether every tenant matches, whatever its id. */
    public boolean isEvery() {
        return !exact && text.chars().allMatch(c -> c == '*');
    }

    /** The rest of both texts: on a mismatch the last {@code *} takes one character more, so no schedule explodes. */
    private boolean matchesBehind(String tenant) {
        int at = head.length();
        int in = head.length();
        int star = in;
        int taken = at;
        while (at < tenant.length()) {
            if (in < text.length() && text.charAt(in) == '*') {
                star = in++;
                taken = at;
            } else if (in < text.length() && text.charAt(in) == tenant.charAt(at)) {
                in++;
                at++;
            } else {
                in = star + 1;
                at = ++taken;
            }
        }
        while (in < text.length() && text.charAt(in) == '*') {
            in++;
        }
        return in == text.length();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TenantPattern that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** The pattern as it was written. */
    @Override
    public String toString() {
        return text;
    }
}
