/** The shells that `completion` knows. */
export const completionShells = ['bash', 'zsh', 'fish', 'powershell'] as const;
/** One shell of `completion`. */
export type CompletionShell = (typeof completionShells)[number];

// Each script asks `entra-login __complete =CURRENT -- BEFORE…` at every Tab: "=" because PowerShell drops empty
// arguments. The answer is candidates with tab and description a line, ":files", or ":command N": what follows the
// N-th word is another command's.
const scripts: Readonly<Record<CompletionShell, string>> = {
  // Readable by bash 3.2, which macOS has: no mapfile, and compopt only where there is one.
  bash: String.raw`# bash completion of entra-login, in ~/.bashrc:  source <(entra-login completion bash)
_entra_login() {
  local IFS=$'\n' answer line at
  COMPREPLY=()
  answer=$("$1" __complete "=$2" -- "${'${COMP_WORDS[@]:1:COMP_CWORD-1}'}" 2>/dev/null) || return
  case $answer in
    :files)
      COMPREPLY=($(compgen -f -- "$2"))
      compopt -o filenames 2>/dev/null
      ;;
    ":command "*)
      at=$((${'${answer#:command }'} + 1))
      if declare -F _command_offset >/dev/null; then
        IFS=$' \t\n'
        _command_offset "$at"
      elif ((COMP_CWORD == at)); then
        COMPREPLY=($(compgen -c -- "$2"))
      else
        COMPREPLY=($(compgen -f -- "$2"))
        compopt -o filenames 2>/dev/null
      fi
      ;;
    ?*)
      while read -r line; do
        COMPREPLY+=("${'${line%%$'}'\t'*}")
      done <<<"$answer"
      ;;
  esac
}
complete -F _entra_login entra-login
`,
  zsh: String.raw`#compdef entra-login
# zsh completion of entra-login, in ~/.zshrc after compinit:  source <(entra-login completion zsh)
_entra_login() {
  local answer line at
  local -a described
  answer=$($words[1] __complete "=${'${(Q)PREFIX}'}" -- "${'${(@Q)words[2,CURRENT-1]}'}" 2>/dev/null) || return 1
  case $answer in
    (:files) _files ;;
    (:command\ *)
      at=${'${answer#:command }'}
      shift $((at + 1)) words
      ((CURRENT -= at + 1))
      _normal
      ;;
    (?*)
      for line in "${'${(@f)answer}'}"; do
        described+=("${'${${line%%$'}'\t'*}//:/\\:}:${'${line#*$'}'\t'}")
      done
      _describe entra-login described
      ;;
  esac
}
if [[ $funcstack[1] == _entra-login ]]; then _entra_login "$@"; else compdef _entra_login entra-login; fi
`,
  fish: String.raw`# fish completion of entra-login, in ~/.config/fish/config.fish:  entra-login completion fish | source
function __entra_login_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($before[1] __complete "=$current" -- $before[2..] 2>/dev/null)
    switch "$answer[1]"
        case :files
            __fish_complete_path "$current"
        case ':command *'
            set -l own (math (string replace ':command ' '' -- $answer[1]) + 1)
            complete -C (string join ' ' -- (string escape -- $before[(math $own + 1)..]) "$current")
        case '?*'
            string join \n -- $answer
    end
end
complete -c entra-login -f -a '(__entra_login_complete)'
`,
  powershell: String.raw`# PowerShell completion of entra-login, in $PROFILE:  entra-login completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName entra-login -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $elements = @($commandAst.CommandElements)
    $before = @($elements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    $answer = @(& $elements[0].ToString() __complete "=$wordToComplete" -- $before 2>$null)
    if ($answer.Count -eq 0) { return }
    if ($answer[0] -eq ':files') {
        return [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
    }
    if ($answer[0].StartsWith(':command ')) {
        $own = [int]$answer[0].Substring(9) + 1
        $line = (@($elements | Select-Object -Skip $own | ForEach-Object { $_.ToString() }) -join ' ')
        if ($wordToComplete -eq '') { $line += ' ' }
        return (TabExpansion2 -inputScript $line -cursorColumn $line.Length).CompletionMatches
    }
    foreach ($candidate in $answer) {
        $value, $description = $candidate -split [char]9, 2
        if (-not $description) { $description = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
}
`,
};

/** Renders the completion script of a shell. */
export function renderCompletionScript(shell: CompletionShell): string {
  return scripts[shell];
}
