/* SPDX-License-Identifier: GPL-2.0 */
/* Network byte order, octet by octet: headers and options may lie anywhere (MUST-64). */
#ifndef LTCP_CORE_BYTES_H
#define LTCP_CORE_BYTES_H

#include <linux/types.h>

static inline u16 ltcp_get_be16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static inline u32 ltcp_get_be32(const u8 *p)
{
	return (u32)ltcp_get_be16(p) << 16 | ltcp_get_be16(p + 2);
}

static inline void ltcp_put_be16(u8 *p, u16 val)
{
	p[0] = val >> 8;
	p[1] = val & 0xff;
}

static inline void ltcp_put_be32(u8 *p, u32 val)
{
	ltcp_put_be16(p, val >> 16);
	ltcp_put_be16(p + 2, val & 0xffff);
}

#endif
