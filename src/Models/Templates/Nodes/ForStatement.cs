using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Nodes;

/// <summary><c>{% for target in items if test recursive %} … {% else %} … {% endfor %}</c></summary>
internal sealed record ForLoop(
    Target Target, Expression Items, Expression? Test, Block Body, Block? Otherwise, int LoopId);

/// <summary>Runs a <see cref="ForLoop"/>.</summary>
internal sealed class ForStatement(int line, ForLoop loop, bool isRecursive) : Statement(line)
{
    /// <inheritdoc/>
    public override Flow Execute(Renderer renderer)
    {
        Run(renderer, loop.Items.Evaluate(renderer), renderer.Scope, depth: 0);
        return Flow.Next;
    }

    /// <summary>Runs the loop over items; <paramref name="home"/> is the scope around it.</summary>
    private void Run(Renderer renderer, TemplateValue items, Scope home, int depth)
    {
        Func<TemplateValue, TemplateValue>? recurse =
            isRecursive ? inner => Recurse(renderer, inner, home, depth + 1) : null;
        var source = Sequences.Enumerate(items);
        var filtered = loop.Test is null ? source : Filter(renderer, source, home);
        var state = new LoopValue(filtered, loop.Test is null ? items.Length : null, depth, recurse);
        var scope = new Scope(home);
        var isDone = false;
        while (state.MoveNext())
        {
            renderer.Budget.Step();
            scope.Clear();
            scope.Set(loop.LoopId, state);
            var outer = renderer.Scope;
            renderer.Scope = scope;
            loop.Target.Assign(renderer, state.Current);
            renderer.Scope = outer;
            var flow = loop.Body.ExecuteIn(renderer, scope);
            isDone |= flow == Flow.Next;
            if (flow == Flow.Break) break;
        }

        // As in Jinja: passes that ended by break or continue do not count, so the else may follow them.
        if (!isDone && loop.Otherwise is not null) loop.Otherwise.ExecuteIn(renderer, new Scope(home));
    }

    private IEnumerable<TemplateValue> Filter(Renderer renderer, IEnumerable<TemplateValue> items, Scope home)
    {
        var scope = new Scope(home);
        foreach (var item in items)
        {
            renderer.Budget.Step();
            var outer = renderer.Scope;
            renderer.Scope = scope;
            loop.Target.Assign(renderer, item);
            var isTaken = loop.Test!.Evaluate(renderer).IsTrue;
            renderer.Scope = outer;
            if (isTaken) yield return item;
        }
    }

    private StringValue Recurse(Renderer renderer, TemplateValue items, Scope home, int depth)
    {
        renderer.Enter("loop");
        var text = renderer.Capture(() => Run(renderer, items, home, depth));
        renderer.Leave();
        return new StringValue(text, renderer.Escapes);
    }
}
