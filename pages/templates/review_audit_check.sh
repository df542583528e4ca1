bytes() { printf '%b' "$(sed 's/../\\x&/g')"; } # that hexadecimal digits name
previous=$(printf '0%.0s' {1..64})
while IFS= read -r line; do
  [[ $line == *"\"previous\":\"$previous\""* ]] || { echo "not as it was signed: $line"; break; }
  head=$previous
  previous=$(printf %s "$line" | sha256sum | cut -c-64)
done < "$report"
printf 'callsift review report, %d lines, %s' $(($(wc -l < "$report") - 1)) "$head" > signed
tail -n 1 "$report" | grep -o '"ed25519":"[0-9a-f]*"' | cut -d'"' -f4 | bytes > signature
printf '302a300506032b6570032100%s' "$key" | bytes > key.der
openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in signed -sigfile signature
