using System.CommandLine;
using Minka.Cli.Options;

namespace Minka.Cli.Verbs;

/// <summary>One verb of the command line: its options, its help and what it does.</summary>
internal interface IVerb
{
    /// <summary>The command as the parser knows it.</summary>
    Command Command { get; }

    /// <summary>Its options, grouped for the help.</summary>
    IReadOnlyList<OptionGroup> Groups { get; }

    /// <summary>Commands to copy; a test parses each.</summary>
    IReadOnlyList<Example> Examples { get; }

    /// <summary>Verbs under this one, as <c>bench serve</c>.</summary>
    IReadOnlyList<IVerb> Verbs => [];

    /// <summary>Does it.</summary>
    /// <returns>An exit code.</returns>
    Task<int> RunAsync(ParseResult parse, CancellationToken cancellation);
}
