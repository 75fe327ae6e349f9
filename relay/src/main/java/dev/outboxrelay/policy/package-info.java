/** What people decide about tenants, and what follows from it. Pure. */
@NullMarked
package dev.outboxrelay.policy;

import org.jspecify.annotations.NullMarked;
