/** Which prefix of what arrived is settled, and so may be confirmed to the slot. Pure. */
@NullMarked
package dev.outboxrelay.watermark;

import org.jspecify.annotations.NullMarked;
