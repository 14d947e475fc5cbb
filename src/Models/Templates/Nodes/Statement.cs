using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    /// <summary>The next one follows.</summary>
    Next,

    /// <summary>The loop around it ends.</summary>
    Break,

    /// <summary>The loop around it takes its next item.</summary>
    Continue,
}

/// <summary>Part of a template that writes or sets something.</summary>
/// <param name="line">One-based line it starts on.</param>
internal abstract class Statement(int line)
{
    /// <summary>One-based line it starts on.</summary>
    public int Line => line;

    /// <summary>Does it.</summary>
    public abstract Flow Execute(Renderer renderer);
}

/// <summary>Statements in order.</summary>
internal sealed class Block(IReadOnlyList<Statement> statements)
{
    /// <summary>Does them, up to a break or continue.</summary>
    public Flow Execute(Renderer renderer)
    {
        renderer.Budget.Descend();
        for (var i = 0; i < statements.Count; i++)
        {
            renderer.Line = statements[i].Line;
            renderer.Budget.Step();
            var flow = statements[i].Execute(renderer);
            if (flow != Flow.Next) return flow;
        }

        return Flow.Next;
    }

    /// <summary>Does them with variables of their own.</summary>
    public Flow ExecuteIn(Renderer renderer, Scope scope)
    {
        var outer = renderer.Scope;
        renderer.Scope = scope;
        var flow = Execute(renderer);
        renderer.Scope = outer;
        return flow;
    }
}

/// <summary>Text between tags.</summary>
internal sealed class TextStatement(int line, string text) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        renderer.Output.Append(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c></summary>
internal sealed class PrintStatement(int line, Expression value) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        Write(renderer, value.Evaluate(renderer));
        return Flow.Next;
    }

    /// <summary>Prints a value.</summary>
    public static void Write(Renderer renderer, TemplateValue value)
    {
        if (renderer.Escapes && value is not StringValue { IsSafe: true })
            renderer.Output.Append(StringText.EscapeHtml(renderer, value.ToText(renderer)));
        else
            value.Print(renderer.Output);
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c></summary>
internal sealed class LoopControlStatement(int line, Flow flow) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer) => flow;
}

/// <summary><c>{% if %}</c> with its branches; the last one may have no test.</summary>
internal sealed class IfStatement(int line, IReadOnlyList<(Expression? Test, Block Body)> branches) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        foreach (var (test, body) in branches)
            if (test is null || test.Evaluate(renderer).IsTrue) return body.Execute(renderer);
        return Flow.Next;
    }
}

/// <summary><c>{% include %}</c> and its like: there are no other templates.</summary>
internal sealed class LoadStatement(int line, string tag) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer) =>
        throw TemplateException.Of($"'{tag}' needs another template; a chat template stands alone.");
}
