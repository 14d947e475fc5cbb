namespace Minka.Models.Templates;

/// <summary>A chat template could not be read or rendered, or refused the conversation itself.</summary>
public sealed class TemplateException : Exception
{
    private TemplateException(string message, int? line, bool isRaised)
        : base(message)
    {
        Line = line;
        IsRaised = isRaised;
    }

    /// <summary>One-based line of the template, where it is known.</summary>
    public int? Line { get; }

    /// <summary>The template called <c>raise_exception</c>; the message is its own then, unchanged.</summary>
    public bool IsRaised { get; }

    /// <summary>A fault whose place is not known yet.</summary>
    internal static TemplateException Of(string fault) => new(fault, null, isRaised: false);

    /// <summary>A fault on a line of the template.</summary>
    internal static TemplateException At(int line, string fault) =>
        new($"Template line {line}: {fault}", line, isRaised: false);

    /// <summary>The template's own refusal.</summary>
    internal static TemplateException Raised(int line, string message) => new(message, line, isRaised: true);

    /// <summary>This fault with its place; unchanged where it already has one.</summary>
    internal TemplateException Locate(int line) => Line is null ? At(line, Message) : this;
}
