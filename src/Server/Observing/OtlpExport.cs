using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Minka.Server.Observing;

/// <summary>Sends traces and metrics to an OpenTelemetry collector, as the <c>OTEL_*</c> variables say.</summary>
internal sealed class OtlpExport : IDisposable
{
    private readonly int _lastExportMs;
    private readonly TracerProvider? _traces;
    private readonly MeterProvider? _metrics;

    /// <summary>Begins to send.</summary>
    /// <param name="variables">The <c>OTEL_*</c> variables by name.</param>
    /// <param name="version">The program's.</param>
    public OtlpExport(IReadOnlyDictionary<string, string> variables, string version)
    {
        _lastExportMs = OtelVariables.LastExportMs(variables);
        if (OtelVariables.Wants(variables, "TRACES"))
            _traces = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(Configuration(variables)))
                .ConfigureResource(resource => Describe(resource, variables, version))
                .AddSource(GenAiNames.Minka).AddOtlpExporter().Build();
        if (OtelVariables.Wants(variables, "METRICS"))
            _metrics = Sdk.CreateMeterProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(Configuration(variables)))
                .ConfigureResource(resource => Describe(resource, variables, version))
                .AddMeter(GenAiNames.Minka).AddOtlpExporter().Build();
    }

    /// <summary>Sends what is left, for as long as the variables allow.</summary>
    public void Dispose()
    {
        _traces?.Shutdown(_lastExportMs);
        _metrics?.Shutdown(_lastExportMs);
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    private static IConfiguration Configuration(IReadOnlyDictionary<string, string> variables) =>
        new ConfigurationBuilder().AddInMemoryCollection(
            variables.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value))).Build();

    private static void Describe(
        ResourceBuilder resource, IReadOnlyDictionary<string, string> variables, string version)
    {
        var name = variables.GetValueOrDefault("OTEL_SERVICE_NAME", GenAiNames.Minka);
        resource.AddService(name, serviceVersion: version.Length > 0 ? version : null);
    }
}
