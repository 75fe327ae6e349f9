/** Tests of the package of the same name. */
@NullMarked
package dev.outboxrelay.watermark;

import org.jspecify.annotations.NullMarked;
