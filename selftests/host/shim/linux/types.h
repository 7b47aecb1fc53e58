/* SPDX-License-Identifier: GPL-2.0 */
/* What src/core takes from the kernel's <linux/types.h>, for a program. */
#ifndef LTCP_SHIM_TYPES_H
#define LTCP_SHIM_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

#define noinline __attribute__((__noinline__))

struct list_head {
	struct list_head *next, *prev;
};

#endif
