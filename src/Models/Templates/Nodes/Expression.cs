using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Nodes;

/// <summary>Part of a template that has a value.</summary>
internal abstract class Expression
{
    private const int DepthMax = 200;

    private readonly int _depth;

    /// <param name="line">One-based line it starts on.</param>
    /// <param name="parts">Expressions inside of it.</param>
    /// <exception cref="TemplateException">Expressions are nested too deep to be evaluated.</exception>
    protected Expression(int line, params ReadOnlySpan<Expression?> parts)
    {
        Line = line;
        foreach (var part in parts) _depth = Math.Max(_depth, part?._depth ?? 0);
        if (++_depth > DepthMax)
            throw TemplateException.At(line, $"expressions are nested deeper than {DepthMax}, which is the limit.");
    }

    /// <summary>One-based line it starts on.</summary>
    public int Line { get; }

    /// <summary>Its value now.</summary>
    public abstract TemplateValue Evaluate(Renderer renderer);
}
