/** Tests of the SQL in {@code schema/}: what it installs, what each role may and may not do, how it is removed. */
@NullMarked
package dev.outboxrelay.schema;

import org.jspecify.annotations.NullMarked;
