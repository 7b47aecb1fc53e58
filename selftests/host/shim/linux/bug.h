/* SPDX-License-Identifier: GPL-2.0 */
/* A warning that would splat in the kernel ends a host test. */
#ifndef LTCP_SHIM_BUG_H
#define LTCP_SHIM_BUG_H

#include <stdio.h>
#include <stdlib.h>

static inline int ltcp_shim_warn(int hit, const char *file, int line, const char *what)
{
	if (hit) {
		printf("# %s:%d: WARN_ON(%s)\n", file, line, what);
		exit(1);
	}
	return 0;
}

#define WARN_ON(cond) ltcp_shim_warn(!!(cond), __FILE__, __LINE__, #cond)
#define WARN_ON_ONCE(cond) WARN_ON(cond)
#define BUILD_BUG_ON(cond) ((void)sizeof(char[1 - 2 * !!(cond)]))

#endif
