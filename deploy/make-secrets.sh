#!/bin/sh
# Makes the files that docker-compose.yml mounts as secrets, in ./secrets or the given directory. What exists is kept.
set -eu
umask 077
directory="${1:-secrets}"
mkdir -p "$directory"

random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }
make() {
  if [ -e "$directory/$1" ]; then
    echo "kept     $directory/$1"
  else
    printf '%s' "$2" > "$directory/$1"
    echo "made     $directory/$1"
  fi
}

# Passwords without characters that would need escaping in a URL.
make temporal_db_password "$(random 32 | tr -d '+/=')"
make cordon_db_password "$(random 32 | tr -d '+/=')"
make cordon_database_url "postgresql://cordon:$(cat "$directory/cordon_db_password")@cordon-db:5432/cordon"
# AES-256: lose it, and what is stored can't be read any more. Keep a copy where you keep such keys.
make cordon_payload_key "$(random 32)"
# Empty: the role of the machine. Else an AWS credentials file.
make aws_credentials ''

# The processes in the containers have user id 1000, and these files belong to whoever made them.
if [ "$(id -u)" = 0 ]; then
  chown -R 1000:1000 "$directory"
elif [ "$(id -u)" != 1000 ]; then
  echo "Your user id is $(id -u): give the files to user 1000, e.g. sudo chown -R 1000:1000 $directory" >&2
fi
