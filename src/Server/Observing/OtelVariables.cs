using System.Globalization;

namespace Minka.Server.Observing;

/// <summary>What OpenTelemetry's variables ask for. Apart from the exporter, so that its packages are loaded only where
/// it is wanted.</summary>
internal static class OtelVariables
{
    /// <summary>How long what is left is sent when the server ends, ms: two seconds where no variable says how long an
    /// export may take.</summary>
    public static int LastExportMs(IReadOnlyDictionary<string, string> variables) =>
        int.TryParse(variables.GetValueOrDefault("OTEL_EXPORTER_OTLP_TIMEOUT"), NumberStyles.None,
            CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0 ? milliseconds : 2000;

    /// <summary>Whether the variables name a collector for a signal, <c>TRACES</c> or <c>METRICS</c>.</summary>
    public static bool Wants(IReadOnlyDictionary<string, string> variables, string signal)
    {
        if (Value("OTEL_SDK_DISABLED") is "true" or "TRUE" or "True") return false;
        if (Value($"OTEL_{signal}_EXPORTER") is { } exporter && exporter != "otlp") return false;
        return Value("OTEL_EXPORTER_OTLP_ENDPOINT") is not null
            || Value($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") is not null
            || Value($"OTEL_{signal}_EXPORTER") is not null;

        string? Value(string name) =>
            variables.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
    }
}
