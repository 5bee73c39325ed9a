/** slipway completion: what a shell reads to complete the words of `slipway`, which it then asks `slipway` itself for. */
import { Argument } from "commander";
import { exitCodesOf } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";

const SCRIPTS = {
  bash: `_slipway() {
  local IFS=$'\\n'
  COMPREPLY=($(SLIPWAY_COMPLETE=1 "\${COMP_WORDS[0]}" "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _slipway slipway
`,
  zsh: `#compdef slipway
_slipway() {
  local -a found
  found=(\${(f)"$(SLIPWAY_COMPLETE=1 "\${words[1]}" "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _slipway slipway
`,
  fish: `function __slipway_complete
  set -l words (commandline -opc) (commandline -ct | string collect --allow-empty)
  set -l found (SLIPWAY_COMPLETE=1 $words[1] $words[2..-1] 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c slipway -f -a '(__slipway_complete)'
`,
};

const HELP = `
Examples:
  source <(slipway completion bash)         in ~/.bashrc
  source <(slipway completion zsh)          in ~/.zshrc, after compinit
  slipway completion fish | source          in ~/.config/fish/config.fish

${exitCodesOf("completion")}`;

const command = createCommand("slipway completion")
  .description("Prints the completions for a shell: commands, options, environments and services.")
  .addArgument(new Argument("<shell>", "the shell that reads them").choices(Object.keys(SCRIPTS)))
  .addHelpText("after", HELP)
  .action((shell: keyof typeof SCRIPTS) => {
    process.stdout.write(SCRIPTS[shell]);
  });

/** The promise that settles once the command has ended. */
export const ended = start(command, process.argv.slice(2), "completion");
