import type { Command } from 'commander';

/** The shells that a script is written for. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** An option, as a shell completes it. */
interface Flag {
  /** All its names: `--json`. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** Values to choose from; none: files. */
  readonly choices: readonly string[];
}

/** A command, as a shell completes it. */
interface Completed {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Values that its first argument may have besides files. */
  readonly choices: readonly string[];
}

const flagsOf = (command: Command): Flag[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .map(({ short, long, ...option }) => ({
      names: [short, long].filter((name) => name !== undefined),
      description: option.description,
      takesValue: Boolean(option.required || option.optional),
      choices: option.argChoices ?? [],
    }));

/** A command's own options, and those of the commands within it. */
function allFlags(command: Command): Flag[] {
  const byName = new Map<string, Flag>();
  for (const flag of [command, ...command.commands].flatMap(flagsOf)) {
    const name = flag.names.at(-1)!;
    if (!byName.has(name)) byName.set(name, flag);
  }
  return [...byName.values()];
}

const completed = (command: Command): Completed => ({
  name: command.name(),
  description: command.description(),
  flags: allFlags(command),
  choices: [
    ...(command.registeredArguments[0]?.argChoices ?? []),
    ...command.commands.map((own) => own.name()),
  ],
});

/** A script that completes a program's commands, options and values, for a shell to read. */
export function completionScript(program: Command, shell: Shell): string {
  const commands = program.createHelp().visibleCommands(program).map(completed);
  return writers[shell](program.name(), commands);
}

/** A text in single quotes, as POSIX shells read it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The words that a command may be followed by. */
const words = ({ flags, choices }: Completed): string =>
  [...choices, ...flags.flatMap(({ names }) => names)].join(' ');

/** The cases of options with values: their choices, or files. */
const valueCases = ({ name, flags }: Completed): string[] =>
  flags
    .filter(({ takesValue }) => takesValue)
    .map(
      ({ names, choices }) =>
        `    ${names.map((flag) => `${name}:${flag}`).join('|')}) ${choices.length > 0 ? `choices=${quoted(choices.join(' '))}` : 'files=1'} ;;`,
    );

/** bash, and zsh by its emulation of bash's completion. */
const bash = (program: string, commands: readonly Completed[]): string => `# ${program} completion
_${program}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="\${COMP_WORDS[1]}" choices='' files=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(' '))} -- "$word"))
    return
  fi
  case "$command:$before" in
${commands.flatMap(valueCases).join('\n')}
    *) files=1
      case "$command" in
${commands.map((command) => `        ${command.name}) choices=${quoted(words(command))} ;;`).join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$word"))
  if [ -n "$files" ]; then
    local path
    while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _${program} ${program}
`;

const zsh = (program: string, commands: readonly Completed[]): string =>
  `autoload -Uz bashcompinit && bashcompinit\n${bash(program, commands)}`;

function fish(program: string, commands: readonly Completed[]): string {
  const escaped = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const start = `complete -c ${program}`;
  const lines = commands.flatMap(({ name, description, flags, choices }) => {
    const within = `${start} -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `${start} -n __fish_use_subcommand -f -a ${name} -d ${escaped(description)}`,
      ...(choices.length > 0 ? [`${within} -f -a ${escaped(choices.join(' '))}`] : []),
      ...flags.map(({ names, description: text, takesValue, choices: values }) => {
        const flag = names.map((own) =>
          own.startsWith('--') ? `-l ${own.slice(2)}` : `-s ${own.slice(1)}`,
        );
        const value = values.length > 0 ? [`-x -a ${escaped(values.join(' '))}`] : ['-r'];
        return [within, ...flag, ...(takesValue ? value : []), `-d ${escaped(text)}`].join(' ');
      }),
    ];
  });
  return `# ${program} completion\n${lines.join('\n')}\n`;
}

const writers: Readonly<
  Record<Shell, (program: string, commands: readonly Completed[]) => string>
> = { bash, zsh, fish };
