/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's types, as far as it takes to name a function that a BPF program hooks into. */
#ifndef LTCP_TOOLS_BTF_H
#define LTCP_TOOLS_BTF_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/btf.h>

#define BTF_KERNEL	"/sys/kernel/btf/vmlinux"

/* All of a file, to be freed; NULL: it cannot be read */
static inline void *btf_read(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = NULL, *more;
	size_t room = 0;
	ssize_t n = 1;

	*len = 0;
	while (fd >= 0 && n > 0) {
		if (room - *len < 65536) {
			room = room * 2 + 131072;
			more = realloc(data, room);
			if (!more)
				break;
			data = more;
		}
		n = read(fd, data + *len, room - *len);
		*len += n > 0 ? n : 0;
	}
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && !n)
		return data;
	free(data);
	return NULL;
}

/* Octets that follow a struct btf_type */
static inline size_t btf_details(const struct btf_type *t)
{
	unsigned int vlen = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return vlen * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return vlen * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return vlen * sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return vlen * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	default:
		return 0;
	}
}

/**
 * btf_function() - the number of a function of the kernel's
 * @name: its name
 *
 * Return: its number; 0: there is none; -1 and errno: the kernel does not tell of its types
 */
static inline int btf_function(const char *name)
{
	size_t len;
	void *data = btf_read(BTF_KERNEL, &len);
	const struct btf_header *head = data;
	const char *strings;
	const char *at, *end;
	int id, found = 0;

	if (!data)
		return -1;
	if (len < sizeof(*head) || head->magic != BTF_MAGIC ||
	    len < (size_t)head->hdr_len + head->type_off + head->type_len ||
	    len < (size_t)head->hdr_len + head->str_off + head->str_len) {
		free(data);
		errno = EPROTO;
		return -1;
	}
	strings = (const char *)data + head->hdr_len + head->str_off;
	at = (const char *)data + head->hdr_len + head->type_off;
	end = at + head->type_len;
	for (id = 1; !found && at + sizeof(struct btf_type) <= end; id++) {
		const struct btf_type *t = (const struct btf_type *)at;

		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && t->name_off < head->str_len &&
		    !strcmp(strings + t->name_off, name))
			found = id;
		at += sizeof(*t) + btf_details(t);
	}
	free(data);
	return found;
}

#endif
