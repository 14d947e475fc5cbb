using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Minka.Plan;

/// <summary>Plans and topologies as JSON, and as YAML of the same shape.</summary>
/// <remarks>
/// Reading is bounded (4 MiB, depth 32) and strict: a field that is unknown, missing or given twice is refused with
/// its path. Whether the content makes sense is for <see cref="PlanRules"/>.
/// </remarks>
public static class PlanJson
{
    /// <summary>Longest text that is read, in bytes.</summary>
    public const int BytesMax = 4 << 20;

    /// <summary>Reads a plan from JSON, or from YAML if it does not begin with a brace.</summary>
    /// <exception cref="PlanException">The text is no plan; says where and why.</exception>
    public static ClusterPlan Read(ReadOnlySpan<byte> utf8)
    {
        var plan = Parse(utf8, PlanContext.Default.ClusterPlan);
        RefuseNull("replicas", plan.Replicas);
        RefuseNull("replicas.stages", plan.Replicas.SelectMany(replica => replica.Stages));
        RefuseNull("replicas.stages.ranks", plan.Replicas.SelectMany(replica => replica.AllRanks));
        return plan;
    }

    /// <summary>Reads a topology from JSON, or from YAML if it does not begin with a brace.</summary>
    /// <exception cref="PlanException">The text is no topology; says where and why.</exception>
    public static Topology ReadTopology(ReadOnlySpan<byte> utf8)
    {
        var topology = Parse(utf8, PlanContext.Default.Topology);
        RefuseNull("nodes", topology.Nodes);
        RefuseNull("nodes.devices", topology.Nodes.SelectMany(node => node.Devices));
        RefuseNull("links", topology.Links);
        return topology;
    }

    /// <summary>Writes a plan as indented JSON.</summary>
    public static string Write(ClusterPlan plan) => JsonSerializer.Serialize(plan, PlanContext.Default.ClusterPlan);

    /// <summary>Writes a topology as indented JSON.</summary>
    public static string Write(Topology topology) => JsonSerializer.Serialize(topology, PlanContext.Default.Topology);

    /// <summary>Writes a plan as YAML.</summary>
    public static string WriteYaml(ClusterPlan plan) => Yaml.FromJson(Write(plan));

    /// <summary>Writes a topology as YAML.</summary>
    public static string WriteYaml(Topology topology) => Yaml.FromJson(Write(topology));

    /// <summary>
    /// SHA-256 over the plan's content, 64 hexadecimal digits. The epoch is left out: a cluster that comes back with
    /// the same plan is the same cluster.
    /// </summary>
    public static string Hash(ClusterPlan plan)
    {
        var content = JsonSerializer.Serialize(plan with { Epoch = 1 }, PlanContext.Default.ClusterPlan);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
    }

    private static T Parse<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type)
    {
        if (utf8.Length > BytesMax)
            throw new PlanException("(text)", $"The text has {utf8.Length} bytes; at most {BytesMax} are read.");
        var json = IsJson(utf8) ? utf8 : Yaml.ToJson(utf8);
        try
        {
            return JsonSerializer.Deserialize(json, type)
                ?? throw new PlanException("$", "The text is null where an object is needed.");
        }
        catch (JsonException wrong)
        {
            throw new PlanException(wrong.Path is { Length: > 0 } path ? path : "$", Sentence(wrong));
        }
    }

    /// <summary>The serializer keeps nulls out of fields, but not out of lists.</summary>
    private static void RefuseNull(string where, IEnumerable<object?> items)
    {
        if (items.Contains(null)) throw new PlanException(where, "An entry is null where an object is needed.");
    }

    private static bool IsJson(ReadOnlySpan<byte> utf8)
    {
        var text = utf8.TrimStart(" \t\r\n"u8);
        return text.Length > 0 && text[0] == '{';
    }

    /// <summary>
    /// The message without the position that the serializer appends, which the path says better, and without names of
    /// this program's types.
    /// </summary>
    private static string Sentence(JsonException wrong)
    {
        const string lacks = "missing required properties including: ";
        var end = wrong.Message.IndexOf(" Path: ", StringComparison.Ordinal);
        var message = end < 0 ? wrong.Message : wrong.Message[..end];
        if (message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
            return "The value is none that this field takes.";
        if (message.IndexOf(lacks, StringComparison.Ordinal) is >= 0 and var at)
            return $"It lacks {message[(at + lacks.Length)..]}";
        return message.Split('\'') switch
        {
            ["The JSON property ", var name, " could not be mapped to any .NET member contained in type ", ..] =>
                $"There is no field '{name}' here.",
            ["Duplicate property ", var name, ..] => $"'{name}' stands here twice; once is needed.",
            _ => message,
        };
    }
}

/// <summary>What can be written and read without reflection.</summary>
[JsonSourceGenerationOptions(
    AllowDuplicateProperties = false,
    MaxDepth = 32,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(ClusterPlan))]
[JsonSerializable(typeof(Topology))]
internal sealed partial class PlanContext : JsonSerializerContext;
