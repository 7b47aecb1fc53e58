// SPDX-License-Identifier: GPL-2.0
/* Urgent text: RFC 9293 section 3.8.5 and RFC 6093. */
#include "script.h"

/* MUST-62: the pointer names the octet after the urgent text */
TEST(urgent_pointer_is_sent)
{
	struct ltcp_seg seg;
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	peer_send_urgent(&p, 10);
	seg = EXPECT_SENT(&p, ACK | URG, ISS + 1, IRS + 1, 10);
	EXPECT_EQ(seg.up, 10);
	/* acknowledged, it is past */
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 11);
	peer_send(&p, 10);
	EXPECT_SENT(&p, ACK, ISS + 11, IRS + 1, 10);
}

/* MUST-31: any length; every segment up to the pointer says so */
TEST(urgent_pointer_over_several_segments)
{
	struct ltcp_seg seg;
	struct peer p;
	int i;

	in_state(&p, LTCP_ESTABLISHED);
	peer_send_urgent(&p, 5000);
	for (i = 0; i < 4; i++) {
		EXPECT(peer_take(&p, &seg, NULL));
		EXPECT(seg.flags & URG);
		EXPECT_EQ(seg.seq + seg.up, ISS + 5001);
	}
	EXPECT_SILENT(&p);
}

/* Partly acknowledged it is still ahead */
TEST(urgent_pointer_until_all_is_acknowledged)
{
	struct ltcp_seg seg;
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	p.tcb.cwnd = 2920;
	peer_send_urgent(&p, 5000);
	p.n_sent = 0;
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1461);
	EXPECT(peer_take(&p, &seg, NULL));
	EXPECT(seg.flags & URG);
	EXPECT_EQ(seg.seq + seg.up, ISS + 5001);
}

/* It is told even when no text may go: the window is closed (section 3.8.5) */
TEST(urgent_pointer_with_a_closed_window)
{
	struct ltcp_seg seg;
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .wnd = 0);
	peer_send_urgent(&p, 10);
	seg = EXPECT_SENT_AFTER(&p, p.tcb.rtt.rto_us, ACK | URG, ISS + 1, IRS + 1, 1);
	EXPECT_EQ(seg.up, 10);
}

/* Farther than 16 bits reach: the farthest that they can say */
TEST(urgent_pointer_far_ahead)
{
	struct ltcp_seg seg;
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	peer_send_urgent(&p, 100000);
	EXPECT(peer_take(&p, &seg, NULL));
	EXPECT_EQ(seg.flags & URG, URG);
	EXPECT_EQ(seg.up, 65535);
}

/* MUST-32: the user is told when urgent text is announced, and when the pointer moves on */
TEST(urgent_pointer_arrives)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK | URG, .seq = IRS + 1, .ack = ISS + 1, .text = 10, .up = 100);
	EXPECT_EQ(p.urgent, 1);
	EXPECT_EQ(p.tcb.rcv_up, IRS + 101);
	ARRIVES(&p, .flags = ACK | URG, .seq = IRS + 11, .ack = ISS + 1, .text = 10, .up = 90);
	EXPECT_EQ(p.urgent, 1);		/* the same place */
	ARRIVES(&p, .flags = ACK | URG, .seq = IRS + 21, .ack = ISS + 1, .text = 10, .up = 20);
	EXPECT_EQ(p.urgent, 1);		/* never back */
	EXPECT_EQ(p.tcb.rcv_up, IRS + 101);
	ARRIVES(&p, .flags = ACK | URG, .seq = IRS + 31, .ack = ISS + 1, .up = 200);
	EXPECT_EQ(p.urgent, 2);		/* without text */
	EXPECT_EQ(p.tcb.rcv_up, IRS + 231);
}

/* A pointer to what was received already says nothing new */
TEST(urgent_pointer_of_before)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 1, .ack = ISS + 1, .text = 100);
	ARRIVES(&p, .flags = ACK | URG, .seq = IRS + 101, .ack = ISS + 1, .up = 0);
	EXPECT_EQ(p.urgent, 0);
	ARRIVES(&p, .flags = ACK, .seq = IRS + 101, .ack = ISS + 1, .up = 500);
	EXPECT_EQ(p.urgent, 0);		/* without URG the field means nothing */
}

/* Sixth: in these states the pointer is looked at, in the others not */
TEST(urgent_pointer_by_state)
{
	static const struct {
		u8 state;
		bool told;
	} cases[] = {
		{ LTCP_ESTABLISHED, true }, { LTCP_FIN_WAIT_1, true }, { LTCP_FIN_WAIT_2, true },
		{ LTCP_CLOSE_WAIT, false }, { LTCP_CLOSING, false }, { LTCP_LAST_ACK, false },
	};
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		in_state(&p, cases[i].state);
		host_at("%s", p.name);
		ARRIVES(&p, .flags = ACK | URG, .seq = p.tcb.rcv_nxt, .ack = ISS + 1, .up = 100);
		EXPECT_EQ(p.urgent, cases[i].told);
	}
}

/* MUST-66: and with a closed window */
TEST(urgent_pointer_arrives_at_a_closed_window)
{
	struct peer p;

	in_state(&p, LTCP_ESTABLISHED);
	p.tcb.rcv_adv = p.tcb.rcv_nxt;
	ARRIVES(&p, .flags = ACK | URG, .seq = IRS + 1, .ack = ISS + 1, .up = 100);
	EXPECT_EQ(p.urgent, 1);
}

/* On a SYN-ACK the pointer counts from the SYN's number, as SEG.SEQ does */
TEST(urgent_pointer_on_a_syn_ack)
{
	struct peer p;

	in_state(&p, LTCP_SYN_SENT);
	ARRIVES(&p, .flags = SYN | ACK | URG, .seq = IRS, .ack = ISS + 1, .text = 20, .up = 11);
	EXPECT_EQ(p.urgent, 1);
	EXPECT_EQ(p.tcb.rcv_up, IRS + 11);
}

/* Wherever the other side's numbers lie, and whoever opened */
TEST(urgent_pointer_with_any_irs)
{
	static const u32 irs[] = { 0, 0x7ffffff0, 0x80000000, 0x90000000, 0xfffffff0 };
	struct peer p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irs); i++) {
		host_at("irs %#x", irs[i]);
		in_state(&p, LTCP_LISTEN);
		ARRIVES(&p, .flags = SYN, .seq = irs[i]);
		ARRIVES(&p, .flags = ACK, .seq = irs[i] + 1, .ack = ISS + 1);
		ARRIVES(&p, .flags = ACK | URG, .seq = irs[i] + 1, .ack = ISS + 1, .up = 50);
		EXPECT_EQ(p.urgent, 1);
		in_state(&p, LTCP_SYN_SENT);
		ARRIVES(&p, .flags = SYN | ACK, .seq = irs[i], .ack = ISS + 1);
		ARRIVES(&p, .flags = ACK | URG, .seq = irs[i] + 1, .ack = ISS + 1, .up = 50);
		EXPECT_EQ(p.urgent, 1);
	}
}
