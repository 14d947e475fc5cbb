using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Methods of lists, tuples and ranges.</summary>
internal static class ListMethods
{
    private static readonly Signature _indexSignature = new("index", "value", "start", "stop");
    private static readonly Signature _countSignature = new("count", "value");

    /// <summary>The method of a sequence, bound to it, or null. Those that would change a list are denied.</summary>
    public static TemplateValue? Find(SequenceValue owner, StringValue name) => name.Text switch
    {
        "index" => new FunctionValue("index", (renderer, call) => Index(renderer, owner, _indexSignature.Bind(call))),
        "count" => new FunctionValue("count", (renderer, call) => Count(renderer, owner, _countSignature.Bind(call))),
        "copy" when owner is ListValue => new FunctionValue("copy", (_, _) => owner),
        "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort"
            when owner is ListValue => UndefinedValue.Denied(owner, name.Text),
        _ => null,
    };

    private static IntegerValue Index(Renderer renderer, SequenceValue owner, BoundArguments a)
    {
        var start = Math.Max(FromEnd(a.Integer(1, 0)), 0);
        var stop = Math.Min(FromEnd(a.Integer(2, owner.Count)), owner.Count);
        for (var i = start; i < stop; i++)
        {
            renderer.Budget.Step();
            if (Comparison.AreEqual(renderer, owner[i], a.Required(0))) return IntegerValue.Of(i);
        }

        throw TemplateException.Of($"the value asked for is not in the {owner.TypeName}.");

        int FromEnd(int index) => index < 0 ? index + owner.Count : index;
    }

    private static IntegerValue Count(Renderer renderer, SequenceValue owner, BoundArguments a)
    {
        var count = 0;
        for (var i = 0; i < owner.Count; i++)
        {
            renderer.Budget.Step();
            if (Comparison.AreEqual(renderer, owner[i], a.Required(0))) count++;
        }

        return IntegerValue.Of(count);
    }
}
