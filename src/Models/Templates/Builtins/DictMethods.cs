using Minka.Models.Templates.Rendering;
using Minka.Models.Templates.Values;

namespace Minka.Models.Templates.Builtins;

/// <summary>Methods of mappings.</summary>
internal static class DictMethods
{
    private static readonly Signature _getSignature = new("get", "key", "default");

    /// <summary>The method of a mapping, bound to it, or null. Those that would change it are denied.</summary>
    public static TemplateValue? Find(DictValue owner, StringValue name) => name.Text switch
    {
        "get" => new FunctionValue("get", (renderer, call) => Get(renderer, owner, _getSignature.Bind(call))),
        "items" or "keys" or "values" => View(owner, name.Text),
        "copy" => new FunctionValue("copy", (_, _) => owner),
        "clear" or "pop" or "popitem" or "setdefault" or "update" => UndefinedValue.Denied(owner, name.Text),
        _ => null,
    };

    private static FunctionValue View(DictValue owner, string name)
    {
        var signature = new Signature(name);
        return new FunctionValue(name, (_, call) =>
        {
            signature.Bind(call);
            return new DictViewValue(owner, name);
        });
    }

    private static TemplateValue Get(Renderer renderer, DictValue owner, BoundArguments a) =>
        owner.Find(renderer, a.Required(0)) ?? a[1] ?? TemplateValue.None;
}
