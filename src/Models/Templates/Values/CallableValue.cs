using Minka.Models.Templates.Builtins;
using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Values;

/// <summary>Something that can be called.</summary>
internal abstract class CallableValue : TemplateValue
{
    internal override string TypeName => "function";

    /// <summary>The result of a call.</summary>
    public abstract TemplateValue Call(Renderer renderer, CallArguments arguments);
}

/// <summary>A function of the interpreter, or a method with its owner bound.</summary>
/// <param name="name">How a template calls it.</param>
/// <param name="body">What it does.</param>
internal sealed class FunctionValue(string name, Func<Renderer, CallArguments, TemplateValue> body) : CallableValue
{
    public override TemplateValue Call(Renderer renderer, CallArguments arguments) => body(renderer, arguments);

    internal override void Represent(TextBuffer output) => output.Append($"<function {name}>");
}

/// <summary>What <c>cycler(…)</c> returns.</summary>
internal sealed class CyclerValue(TemplateValue[] items) : TemplateValue
{
    private int _position;

    internal override string TypeName => "Cycler";

    internal override TemplateValue? GetAttribute(StringValue name) => name.Text switch
    {
        "current" => items[_position],
        "next" => new FunctionValue("next", (_, _) => Advance()),
        "reset" => new FunctionValue("reset", (_, _) =>
        {
            _position = 0;
            return None;
        }),
        _ => null,
    };

    internal override void Represent(TextBuffer output) => output.Append("<Cycler>");

    private TemplateValue Advance()
    {
        var item = items[_position];
        _position = (_position + 1) % items.Length;
        return item;
    }
}
