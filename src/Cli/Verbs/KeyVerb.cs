using System.CommandLine;
using Minka.Cli.Options;
using Minka.Collectives.Joining;

namespace Minka.Cli.Verbs;

/// <summary>Makes the secret that machines of a cluster share.</summary>
internal sealed class KeyVerb : IVerb
{
    private readonly Terminal _terminal;

    private readonly Argument<string> _what = new("what") { HelpName = "new", Description = "Make a key." };

    public KeyVerb(Terminal terminal)
    {
        _terminal = terminal;
        Command.Arguments.Add(_what);
    }

    public Command Command { get; } = new("key", "Make the key that machines of a cluster share.");

    public IReadOnlyList<OptionGroup> Groups => [];

    public IReadOnlyList<Example> Examples =>
        [new("minka key new > cluster.key", "a new key; copy the file to every machine, where only you can read it")];

    public Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        if (parse.GetValue(_what) is var what and not "new")
            throw new UsageException($"A key cannot be '{what}'; minka key takes new.");
        _terminal.Out.WriteLine(PresharedKey.Create().Reveal());
        return Task.FromResult(ExitCodes.Ok);
    }
}
