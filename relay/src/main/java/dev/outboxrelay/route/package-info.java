/** Where an event goes: stream, subject, headers; or the rule that it breaks. Pure. */
@NullMarked
package dev.outboxrelay.route;

import org.jspecify.annotations.NullMarked;
