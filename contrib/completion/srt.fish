# fish completion for srt; made by `sandbox-runtime completion fish srt`
complete -c srt -f
complete -c srt -l settings -s s -r -F -d 'settings file; default is ~/.srt-settings.json'
complete -c srt -l command -s c -x -d 'run STRING by /bin/sh'
complete -c srt -l debug -s d -d 'say more on standard error'
complete -c srt -l json-output -d 'print one JSON object at the end in place of the program'\''s output'
complete -c srt -l result -r -F -d 'write one JSON object at the end to FILE; the program'\''s output goes through'
complete -c srt -l allow-degraded -d 'run also where something cannot be enforced here, and say so'
complete -c srt -l version -s v -d 'print the version'
complete -c srt -a '(__fish_complete_command)'
