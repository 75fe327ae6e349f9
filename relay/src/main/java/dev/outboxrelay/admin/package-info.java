/** What the relay says about itself over HTTP: is it alive, is it ready, its metrics, its status. */
@NullMarked
package dev.outboxrelay.admin;

import org.jspecify.annotations.NullMarked;
