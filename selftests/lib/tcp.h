/* SPDX-License-Identifier: GPL-2.0 */
/* Names of TCP's that the tests share */
#ifndef LIB_TCP_H
#define LIB_TCP_H

/* Control bits */
enum {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
	URG = 0x20,
	ECE = 0x40,
	CWR = 0x80,
};

/* States, with the numbers that TCP_INFO gives */
enum tcp_state {
	ESTABLISHED = 1,
	SYN_SENT,
	SYN_RECEIVED,
	FIN_WAIT_1,
	FIN_WAIT_2,
	TIME_WAIT,
	CLOSED,
	CLOSE_WAIT,
	LAST_ACK,
	LISTEN,
	CLOSING,
};

#endif
