/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test harness for the host: TEST(name) { ... } registers itself, main()
 * runs each in a process of its own and reports in TAP. The first expectation
 * that does not hold ends its test.
 */
#ifndef LTCP_HOST_H
#define LTCP_HOST_H

#include <linux/kernel.h>
#include <linux/types.h>

struct host_test {
	const char *name;
	void (*run)(void);
	struct host_test *next;
};

void host_register(struct host_test *test);
__printf(3, 4) __noreturn void host_fail(const char *file, int line, const char *fmt, ...);

/* What a loop is at, printed when an expectation fails */
__printf(1, 2) void host_at(const char *fmt, ...);

/* Numbers that look random and are the same on every run (xorshift) */
u32 host_random(u64 *state);

#define TEST(test)								\
	static void test(void);							\
	static struct host_test test##_entry = { .name = #test, .run = test };	\
	__attribute__((constructor)) static void test##_register(void)		\
	{									\
		host_register(&test##_entry);					\
	}									\
	static void test(void)

#define FAIL(...) host_fail(__FILE__, __LINE__, __VA_ARGS__)

#define EXPECT(cond)								\
	do {									\
		if (!(cond))							\
			FAIL("%s", #cond);					\
	} while (0)

#define EXPECT_CMP(a, op, b)							\
	do {									\
		long long a_ = (long long)(a), b_ = (long long)(b);		\
										\
		if (!(a_ op b_))						\
			FAIL("%s %s %s: %lld (%#llx), %lld (%#llx)", #a, #op, #b,	\
			     a_, a_, b_, b_);					\
	} while (0)

#define EXPECT_EQ(a, b) EXPECT_CMP(a, ==, b)
#define EXPECT_NE(a, b) EXPECT_CMP(a, !=, b)
#define EXPECT_LT(a, b) EXPECT_CMP(a, <, b)
#define EXPECT_LE(a, b) EXPECT_CMP(a, <=, b)
#define EXPECT_GT(a, b) EXPECT_CMP(a, >, b)
#define EXPECT_GE(a, b) EXPECT_CMP(a, >=, b)

#endif
