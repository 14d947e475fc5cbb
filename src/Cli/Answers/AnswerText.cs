using System.Text;
using Minka.Models.Tokenization;

namespace Minka.Cli.Answers;

/// <summary>Tokens become text: whole letters only, and nothing of a stop string.</summary>
internal sealed class AnswerText(TextStream stream, StopStrings stops, Action<string> write)
{
    private readonly StringBuilder _text = new();

    /// <summary>Everything written so far.</summary>
    public string Text => _text.ToString();

    /// <summary>A stop string was met.</summary>
    public bool IsStopped => stops.Found is not null;

    /// <summary>Adds a token; true when the answer ends here.</summary>
    public bool Add(int token)
    {
        Write(stops.Push(stream.Push(token)));
        return IsStopped;
    }

    /// <summary>Writes what was held back: half a letter, or the start of a stop string that did not come.</summary>
    public void End()
    {
        Write(stops.Push(stream.Finish()));
        Write(stops.Finish());
    }

    private void Write(string text)
    {
        if (text.Length == 0) return;
        _text.Append(text);
        write(text);
    }
}
