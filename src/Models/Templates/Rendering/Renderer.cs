using Minka.Models.Templates.Nodes;

namespace Minka.Models.Templates.Rendering;

/// <summary>One rendering of a template: where it stands, what it has written, what it may still use.</summary>
internal sealed class Renderer
{
    private readonly IReadOnlyList<TemplateValue?> _functions;
    private int _depth;

    /// <param name="limits">What the template may use.</param>
    /// <param name="time">The clock of <c>strftime_now</c>.</param>
    /// <param name="functions">By number of a name: the function that every template has under it.</param>
    public Renderer(TemplateLimits limits, TimeProvider time, IReadOnlyList<TemplateValue?> functions)
    {
        _functions = functions;
        Time = time;
        Budget = new RenderBudget(limits);
        Output = new TextBuffer(Budget);
    }

    /// <summary>Steps and memory left.</summary>
    public RenderBudget Budget { get; }

    /// <summary>The clock of <c>strftime_now</c>.</summary>
    public TimeProvider Time { get; }

    /// <summary>Variables in sight.</summary>
    public Scope Scope { get; set; } = new(null);

    /// <summary>Where text goes now.</summary>
    public TextBuffer Output { get; private set; }

    /// <summary>The line being rendered, for errors.</summary>
    public int Line { get; set; }

    /// <summary>Whether printed values are escaped for HTML (<c>{% autoescape true %}</c>).</summary>
    public bool Escapes { get; set; }

    /// <summary>The value of a name, or null: a variable first, then a function that every template has.</summary>
    public TemplateValue? Find(int name) => Scope.Find(name) ?? _functions[name];

    /// <summary>What statements in a scope of their own write.</summary>
    public string Capture(Scope scope, Block body) => Capture(scope, body, out _);

    /// <summary>As above; <paramref name="flow"/> tells how they ended.</summary>
    public string Capture(Scope scope, Block body, out Flow flow)
    {
        var ended = Flow.Next;
        var text = Capture(() => ended = body.ExecuteIn(this, scope));
        flow = ended;
        return text;
    }

    /// <summary>What an action writes.</summary>
    public string Capture(Action write)
    {
        var outer = Output;
        Output = new TextBuffer(Budget);
        write();
        var text = Output.ToString();
        Output = outer;
        return text;
    }

    /// <summary>Enters a macro or a recursive loop.</summary>
    public void Enter(string name)
    {
        if (++_depth > Budget.Limits.CallDepthMax)
        {
            throw TemplateException.Of(
                $"'{name}' is {Budget.Limits.CallDepthMax} calls deep, which is the limit; make it end sooner.");
        }

        Budget.Descend();
    }

    /// <summary>Leaves what <see cref="Enter"/> entered.</summary>
    public void Leave() => _depth--;
}
