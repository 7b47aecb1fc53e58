/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ending everything, so that the module can be unloaded: whoever writes 1 to
 * the parameter reset_all aborts every connection and listener of every
 * namespace. Users find ECONNABORTED, peers receive RST, TIME-WAIT ends at
 * once. Sockets stay until their users close them.
 */
#ifndef LTCP_RESET_H
#define LTCP_RESET_H

#include <linux/types.h>

/**
 * ltcp_reset_enable() - from now on, or no longer, the parameter has its effect
 * @enable: namespaces are registered
 *
 * Parameters can be written before the module is initialised, and after its end.
 */
void ltcp_reset_enable(bool enable);

#endif
