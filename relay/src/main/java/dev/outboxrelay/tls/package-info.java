/** Encryption of both ends from PEM files, and secrets in files: both are read again at each connection. */
@NullMarked
package dev.outboxrelay.tls;

import org.jspecify.annotations.NullMarked;
