import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from '../completion.ts';

/** `kcr completion`: what a shell reads to complete commands, options and their values. */
export function addCompletion(kcr: Command): void {
  kcr
    .command('completion')
    .description('a script that lets a shell complete commands, options and their values')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      `
bash:  source <(kcr completion bash)      in ~/.bashrc
zsh:   source <(kcr completion zsh)       in ~/.zshrc, after compinit
fish:  kcr completion fish > ~/.config/fish/completions/kcr.fish`,
    )
    .action((shell: Shell) => {
      process.stdout.write(completionScript(kcr, shell));
    });
}
