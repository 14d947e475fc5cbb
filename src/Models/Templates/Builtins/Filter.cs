using Minka.Models.Templates.Rendering;

namespace Minka.Models.Templates.Builtins;

/// <summary>A filter.</summary>
/// <param name="Name">How a template calls it.</param>
/// <param name="Apply">Its value over an input and arguments.</param>
internal sealed record Filter(string Name, Func<Renderer, TemplateValue, CallArguments, TemplateValue> Apply)
{
    /// <summary>A filter with named parameters.</summary>
    public static Filter Of(
        string name, string[] parameters, Func<Renderer, TemplateValue, BoundArguments, TemplateValue> apply)
    {
        var signature = new Signature(name, parameters);
        return new Filter(name, (renderer, value, call) => apply(renderer, value, signature.Bind(call)));
    }

    /// <summary>A filter without parameters.</summary>
    public static Filter Of(string name, Func<Renderer, TemplateValue, TemplateValue> apply) =>
        Of(name, [], (renderer, value, _) => apply(renderer, value));

    /// <summary>A filter that is not there; it fails when it is reached.</summary>
    public static Filter Unknown(string name) =>
        new(name, (_, _, _) => throw TemplateException.Of($"there is no filter '{name}'."));
}

/// <summary>A test.</summary>
/// <param name="Name">How a template calls it.</param>
/// <param name="Holds">Whether it holds for an input and arguments.</param>
internal sealed record Test(string Name, Func<Renderer, TemplateValue, CallArguments, bool> Holds)
{
    /// <summary>A test of the input alone.</summary>
    public static Test Of(string name, Func<TemplateValue, bool> holds) => Of(name, (_, value) => holds(value));

    /// <summary>A test of the input alone that costs something.</summary>
    public static Test Of(string name, Func<Renderer, TemplateValue, bool> holds)
    {
        var signature = new Signature(name);
        return new Test(name, (renderer, value, call) =>
        {
            signature.Bind(call);
            return holds(renderer, value);
        });
    }

    /// <summary>A test of the input and one other value.</summary>
    public static Test Of(string name, Func<Renderer, TemplateValue, TemplateValue, bool> holds)
    {
        var signature = new Signature(name, "other");
        return new Test(name, (renderer, value, call) => holds(renderer, value, signature.Bind(call).Required(0)));
    }

    /// <summary>A test that is not there; it fails when it is reached.</summary>
    public static Test Unknown(string name) =>
        new(name, (_, _, _) => throw TemplateException.Of($"there is no test '{name}'."));
}
