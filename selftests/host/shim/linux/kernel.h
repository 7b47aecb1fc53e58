/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LTCP_SHIM_KERNEL_H
#define LTCP_SHIM_KERNEL_H

#include <linux/bug.h>
#include <linux/minmax.h>
#include <linux/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define fallthrough __attribute__((__fallthrough__))
#define __noreturn __attribute__((__noreturn__))
#define __printf(a, b) __attribute__((__format__(printf, a, b)))

#endif
