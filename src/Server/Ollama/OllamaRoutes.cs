using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Minka.Server.Http;
using Minka.Server.OpenApi;

namespace Minka.Server.Ollama;

/// <summary>Ollama's routes.</summary>
internal static class OllamaRoutes
{
    public static void Map(IEndpointRouteBuilder on, ServerParts server)
    {
        var generation = new OllamaGeneration(server);
        Post("/api/chat", generation.ChatAsync, "answers a conversation", "OllamaChatRequest");
        Post("/api/generate", generation.GenerateAsync, "answers a prompt", "OllamaGenerateRequest");
        var embedding = new OllamaEmbedding(server);
        Post("/api/embed", embedding.AnswerAsync, "vectors that stand for texts", "OllamaEmbedRequest");
        Post("/api/embeddings", embedding.AnswerOneAsync, "one vector", "OllamaEmbeddingsRequest");

        var models = new OllamaModels(server);
        Get("/api/tags", models.TagsAsync, "the models that can be asked");
        Get("/api/ps", models.RunningAsync, "the models in memory");
        Get("/api/version", OllamaModels.VersionAsync, "the version of the API");
        Post("/api/show", models.ShowAsync, "all about a model", "OllamaShowRequest");

        void Post(string route, RequestDelegate answer, string what, string schema) =>
            on.MapPost(route, answer).WithErrors(OllamaErrorShape.Instance).TakesAnyContentType()
                .Says($"Ollama: {what}", schema);
        void Get(string route, RequestDelegate answer, string what) =>
            on.MapRead(route, answer).WithErrors(OllamaErrorShape.Instance).Says($"Ollama: {what}");
    }
}
