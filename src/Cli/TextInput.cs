using System.Text;

namespace Minka.Cli;

/// <summary>Texts from files and pipes, with an end to how long they may be.</summary>
internal static class TextInput
{
    private const int LettersMax = 256 << 20;

    /// <summary>A file, or standard input for <c>-</c>.</summary>
    /// <exception cref="UsageException">It is not there, or too long.</exception>
    public static string Read(string file, Terminal terminal)
    {
        if (file == "-") return ReadPipe(terminal);
        if (Directory.Exists(file)) throw new UsageException($"'{file}' is a folder; the name of a text is needed.");
        if (!File.Exists(file)) throw new UsageException($"There is no file '{file}'.");
        if (new FileInfo(file).Length > LettersMax)
            throw new UsageException($"'{file}' is larger than the {LettersMax >> 20} MiB that a text may have.");
        return File.ReadAllText(file);
    }

    /// <summary>Standard input to its end. Waiting for it, Ctrl+C ends the process.</summary>
    public static string ReadPipe(Terminal terminal)
    {
        using var suspended = terminal.Interrupts.Suspend();
        var text = new StringBuilder();
        var buffer = new char[16 << 10];
        while (terminal.In.Read(buffer) is > 0 and var count)
        {
            if (text.Append(buffer, 0, count).Length > LettersMax)
                throw new UsageException($"Standard input is longer than the {LettersMax >> 20} Mi letters of a text.");
        }
        return text.ToString();
    }
}
