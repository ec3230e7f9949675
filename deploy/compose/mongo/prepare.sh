#!/bin/sh
# Makes the replica set and the two users of CityFlow; run again, it changes nothing but passwords.
set -eu

secret() { cat "/run/secrets/$1"; }

ask() {
  mongosh --quiet --host mongo --username root --password "$(secret mongo_root_password)" \
    --authenticationDatabase admin --eval "$1"
}

user() { # user NAME SECRET ROLE
  fields="pwd: '$(secret "$2")', roles: [{role: '$3', db: 'cityflow'}]"
  ask "try { db.adminCommand({createUser: '$1', $fields}).ok } catch (e) { db.adminCommand({updateUser: '$1', $fields}).ok }" >/dev/null
}

set_up='try { rs.status().ok } catch (e) { rs.initiate({_id: "rs0", members: [{_id: 0, host: "mongo:27017"}]}).ok }'
ask "$set_up" >/dev/null || {
  echo "mongo refuses: is the password in the secret mongo_root_password the one that its volume was made with?" >&2
  exit 5
}
until [ "$(ask 'db.hello().isWritablePrimary')" = true ]; do sleep 0.5; done
user cityflow mongo_password readWrite
user cityflow_reader mongo_reader_password read
echo "mongo is prepared"
