using Minka.Cli.Chat;
using Minka.Cli.Options;
using Minka.Cli.Verbs;

namespace Minka.Cli;

/// <summary>A bare <c>minka</c>: says what can be done, and begins a chat where somebody sits.</summary>
internal static class Greeting
{
    public static async Task<int> RunAsync(Terminal terminal, CancellationToken cancellation)
    {
        terminal.Out.WriteLine($"{terminal.Bold("Minka")} {ProgramVersion.Text} runs language models on this machine.");
        terminal.Out.WriteLine();
        foreach (var (line, purpose) in Lines)
            terminal.Out.WriteLine($"  {line,-34} {terminal.Dim(purpose)}");
        terminal.Out.WriteLine();
        if (!terminal.IsInteractive) return ExitCodes.Ok;
        return await ChatVerb.BeginAsync(terminal, ModelChoice.BuiltIn,
            open => SamplingFlags.Defaults(open.Suggested), new Conversation(), cancellation);
    }

    private static IReadOnlyList<(string Line, string Purpose)> Lines =>
    [
        ("minka run \"What is 12 + 30?\"", "one answer from the built-in model"),
        ("minka chat model.gguf", "talk with a model of yours, in GGUF or a folder"),
        ("minka inspect model.gguf", "what is in its files"),
        ("minka bench model.gguf", "how fast it is here; minka doctor says why"),
        ("minka --help", "everything else"),
    ];
}
