using System.CommandLine;
using Minka.Cli.Verbs;

namespace Minka.Cli;

/// <summary>The list of verbs, and the way in.</summary>
internal static class Door
{
    /// <summary>Runs one command line and returns the exit code.</summary>
    public static Task<int> OpenAsync(string[] args, Terminal terminal)
    {
        var root = new RootCommand("Minka runs language models on this machine.");
        foreach (var verb in Verbs(terminal)) root.Subcommands.Add(verb.Command);
        return root.Parse(args).InvokeAsync(new() { Output = terminal.Out, Error = terminal.Error });
    }

    private static IEnumerable<IVerb> Verbs(Terminal terminal) =>
    [
        new DoctorVerb(terminal).Bind(),
    ];
}
