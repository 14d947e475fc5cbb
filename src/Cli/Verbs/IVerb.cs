using System.CommandLine;

namespace Minka.Cli.Verbs;

/// <summary>One verb of the command line: its options, its help and what it does.</summary>
internal interface IVerb
{
    /// <summary>The command as the parser knows it.</summary>
    Command Command { get; }

    /// <summary>Lines for the help: a command as one would type it, and what it is for.</summary>
    IReadOnlyList<(string Command, string Purpose)> Examples { get; }
}
