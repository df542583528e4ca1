{{- /*
Query that is 1 in office hours. Prometheus knows UTC alone, so a zone's clocks are told by how far they are ahead of it in
January and in July; where these differ, an hour is the office's if it is so by both.
*/}}
{{- define "callsift.officeHours" -}}
{{- $hours := . }}
{{- $ahead := list }}
{{- range list "2026-01-15" "2026-07-15" }}
{{- $day := toDate "2006-01-02" . }}
{{- /* A zone that nobody knows counts as UTC. */}}
{{- if and (eq (dateInZone "MST" $day $hours.timeZone) "UTC") (not (regexMatch "^(Etc/)?(UTC|UCT|Universal|Zulu)$" $hours.timeZone)) }}
{{- fail (printf "monitoring.prometheusRule.officeHours.timeZone: nobody knows the time zone %s; name it as Europe/Istanbul is named" $hours.timeZone) }}
{{- end }}
{{- $ahead = append $ahead (dateInZone "-0700" $day $hours.timeZone) }}
{{- end }}
{{- $from := include "callsift.minutes" (replace ":" "" $hours.from) }}
{{- $to := include "callsift.minutes" (replace ":" "" $hours.to) }}
{{- if ge (int $from) (int $to) }}
{{- fail "monitoring.prometheusRule.officeHours: to has to be later than from" }}
{{- end }}
{{- $asked := list "vector(1)" }}
{{- range uniq $ahead }}
{{- $seconds := mul 60 (include "callsift.minutes" (substr 1 5 .)) }}
{{- $clock := printf "vector(time() %s %d)" (substr 0 1 .) $seconds }}
{{- $days := list }}
{{- range $hours.days }}
{{- $days = append $days (printf "day_of_week(%s) == %d" $clock (int .)) }}
{{- end }}
{{- $asked = append $asked (printf "(60 * hour(%s) + minute(%s) >= %s < %s)" $clock $clock $from $to) }}
{{- $asked = append $asked (printf "(%s)" (join " or " $days)) }}
{{- end }}
{{- join " and on () " $asked }}
{{- end }}

{{- /* The minutes of four digits, two of hours and two of minutes. */}}
{{- define "callsift.minutes" -}}
{{- add (mul 60 (atoi (substr 0 2 .))) (atoi (substr 2 4 .)) }}
{{- end }}
