# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What nginx.sh and wrk.sh have in common: the server. Source it after programs.sh.

setup() {
	mkdir -p "$WORK/www" /var/lib/nginx
	random_file "$WORK/www/file" 256K
	[[ -e $WORK/key ]] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$WORK/key" -out "$WORK/cert" -days 36500 -subj /CN=server \
		-addext subjectAltName=IP:10.0.0.2,IP:fd00::2 2>/dev/null
	cat >"$WORK/nginx.conf" <<-END
		user root;
		daemon off;
		worker_processes 2;
		pid $WORK/nginx.pid;
		error_log stderr;
		events { worker_connections 256; }
		http {
			sendfile on;
			tcp_nopush on;
			access_log off;
			server {
				listen 10.0.0.2:80;
				listen [fd00::2]:80;
				listen 10.0.0.2:443 ssl;
				listen [fd00::2]:443 ssl;
				ssl_certificate $WORK/cert;
				ssl_certificate_key $WORK/key;
				root $WORK/www;
			}
		}
	END
	start nginx server nginx -e stderr -c "$WORK/nginx.conf"
	await 80
}
