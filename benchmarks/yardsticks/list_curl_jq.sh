# The loop that operators write in a shell: curl for a page, jq for its users and its cursor.
set -eu
base="$PARSEC_API_BASE_URL/api/v1/builder/users?limit=100"
url=$base
while :; do
  page=$(curl -sSf -H "X-API-Key: $PARSEC_API_KEY" "$url")
  printf '%s' "$page" | jq -c '.users[]'
  cursor=$(printf '%s' "$page" | jq -r '.next_cursor // empty | @uri')
  [ -n "$cursor" ] || break
  url="$base&cursor=$cursor"
done
