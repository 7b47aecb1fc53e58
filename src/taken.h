/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which local ports are taken towards a destination. Only destinations to
 * which a search for a free port was long are kept notes of, and only as long
 * as connections to them last.
 */
#ifndef LTCP_TAKEN_H
#define LTCP_TAKEN_H

#include <linux/types.h>

struct ltcp_key;
struct ltcp_net;
struct ltcp_taken;

/**
 * ltcp_taken_find() - the notes of a destination
 * @ln: namespace
 * @key: local address and the peer's end count
 *
 * Return: the notes, for ltcp_taken_put(); NULL: there are none
 */
struct ltcp_taken *ltcp_taken_find(struct ltcp_net *ln, const struct ltcp_key *key);

/**
 * ltcp_taken_begin() - begin notes of a destination, in place of those of another
 * @ln: namespace
 * @key: local address and the peer's end count
 *
 * Context: may sleep.
 * Return: the notes, for ltcp_taken_put(); NULL: no memory
 */
struct ltcp_taken *ltcp_taken_begin(struct ltcp_net *ln, const struct ltcp_key *key);

/**
 * ltcp_taken_put() - give notes back
 * @taken: as found or begun; NULL: nothing to do
 */
void ltcp_taken_put(struct ltcp_taken *taken);

/**
 * ltcp_taken_next() - the next port that is not noted
 * @taken: notes; NULL: none is
 * @num: where to begin, host byte order
 *
 * Return: @num, or the next higher port without a note, 65536 when there is none
 */
u32 ltcp_taken_next(const struct ltcp_taken *taken, u32 num);

/**
 * ltcp_taken_note() - a port is taken, or is about to be
 * @taken: notes; NULL: nothing to do
 * @num: host byte order
 *
 * To be called *before* the table is asked. Whoever leaves the table wipes the
 * note out afterwards; so what is not in the table has no note for long.
 */
void ltcp_taken_note(struct ltcp_taken *taken, u32 num);

/**
 * ltcp_taken_wipe() - a pair is free again
 * @ln: namespace
 * @key: both ends; it is not in the table any more
 *
 * Context: any.
 */
void ltcp_taken_wipe(struct ltcp_net *ln, const struct ltcp_key *key);

/**
 * ltcp_taken_exit() - the module goes: forget what is left
 */
void ltcp_taken_exit(void);

#endif
